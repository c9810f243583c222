// Edits pass on by identity what they do not change, so that an unchanged resource keeps its bytes: a listener whose
// bytes differ is drained by Envoy.

/** `list.map(edit)`, or `list` itself when every item came back as it was. */
export function mapKeeping<Item>(list: Item[], edit: (item: Item, index: number) => Item): Item[] {
  const edited = list.map(edit);
  return edited.every((item, index) => item === list[index]) ? list : edited;
}

/** A copy of `message` with these members, or `message` itself when it has them already. */
export function withMembers<Message extends object>(message: Message, members: Partial<Message>): Message {
  const names = Object.keys(members) as (keyof Message)[];
  return names.every((name) => message[name] === members[name]) ? message : { ...message, ...members };
}
