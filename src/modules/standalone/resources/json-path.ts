/** Members and list positions from the root of an object down to a value. */
export type JsonPath = readonly (string | number)[];

const PLAIN_MEMBER = /^[A-Za-z_$][\w$-]*$/;

/** `spec.rules[0].name`; members that are no plain word are quoted: `metadata.annotations["a.b/c"]`. */
export function formatPath(path: JsonPath): string {
  let text = '';
  for (const segment of path) {
    if (typeof segment === 'number') text += `[${segment}]`;
    else if (!PLAIN_MEMBER.test(segment)) text += `[${JSON.stringify(segment)}]`;
    else text += text === '' ? segment : `.${segment}`;
  }
  return text;
}

const SEGMENT = /\.?([A-Za-z_$][\w$-]*)|\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]/y;

/** The reverse of {@link formatPath}. Text that is no path gives the segments before the first wrong one. */
export function parsePath(text: string): JsonPath {
  const path: (string | number)[] = [];
  SEGMENT.lastIndex = 0;
  for (let match = SEGMENT.exec(text); match !== null; match = SEGMENT.exec(text)) {
    const [, member, index, quoted] = match;
    if (member !== undefined) path.push(member);
    else if (index !== undefined) path.push(Number(index));
    else path.push(JSON.parse(quoted!) as string);
  }
  return path;
}
