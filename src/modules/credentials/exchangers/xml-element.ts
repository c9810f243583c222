export interface XmlElement {
  readonly name: string;
  /** Text directly inside, entities resolved. */
  text: string;
  readonly children: XmlElement[];
}

/** STS answers nest four deep. */
const DEPTH_MAX = 16;

/**
 * Reads the XML of AWS Query APIs: elements and text; attributes and comments are passed over. Undefined for anything else,
 * document types included.
 */
export function parseXml(source: string): XmlElement | undefined {
  const document: XmlElement = { name: '', text: '', children: [] };
  const open: XmlElement[] = [document];
  const tokens =
    /<\?[^>]*\?>|<!--.*?-->|<(\/?)([A-Za-z_][\w.:-]*)((?:\s+[\w.:-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>|([^<]+)/gsy;
  while (tokens.lastIndex < source.length) {
    const token = tokens.exec(source);
    const current = open.at(-1);
    if (!token || !current) return undefined;
    const [, closing, name, attributes, empty, text] = token;
    if (text !== undefined) {
      const resolved = resolveEntities(text);
      if (resolved === undefined || (current === document && resolved.trim() !== '')) return undefined;
      current.text += resolved;
    } else if (name !== undefined && closing) {
      if (current.name !== name || attributes || empty) return undefined;
      open.pop();
    } else if (name !== undefined) {
      const element: XmlElement = { name, text: '', children: [] };
      current.children.push(element);
      if (!empty) open.push(element);
      if (open.length > DEPTH_MAX) return undefined;
    }
  }
  return open.length === 1 && document.children.length === 1 ? document.children[0] : undefined;
}

/** Text of the element at a path of names below; undefined when it is missing or stands there twice. */
export function textAt(root: XmlElement | undefined, ...path: readonly string[]): string | undefined {
  let at = root;
  for (const name of path) {
    const found = at?.children.filter((child) => child.name === name) ?? [];
    if (found.length !== 1) return undefined;
    at = found[0];
  }
  return at?.text.trim() || undefined;
}

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

function resolveEntities(text: string): string | undefined {
  let isKnown = true;
  const resolved = text.replaceAll(/&(?:#(\d{1,7})|#x([0-9a-fA-F]{1,6})|(\w+));|&/g, (_all, decimal, hex, name) => {
    const point = decimal ? Number(decimal) : hex ? Number.parseInt(String(hex), 16) : undefined;
    const value =
      point === undefined ? ENTITIES[String(name)] : point <= 0x10ffff ? String.fromCodePoint(point) : undefined;
    isKnown &&= value !== undefined;
    return value ?? '';
  });
  return isKnown ? resolved : undefined;
}
