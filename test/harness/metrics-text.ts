/** One line of a metrics page. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const LINE = /^(?<name>[\w:]+)(?:\{(?<labels>.*)\})? (?<value>\S+)/;
const LABEL = /(?<name>\w+)="(?<value>(?:[^"\\]|\\.)*)"/g;

/** A page in the Prometheus text format. */
export class MetricsText {
  readonly samples: readonly Sample[];

  constructor(readonly text: string) {
    this.samples = text.split('\n').flatMap((line) => {
      const groups = line.startsWith('#') ? undefined : LINE.exec(line)?.groups;
      return groups
        ? [{ name: groups['name']!, labels: labelsOf(groups['labels'] ?? ''), value: Number(groups['value']) }]
        : [];
    });
  }

  /** Series of that name that have these labels, among others perhaps. */
  find(name: string, labels: Readonly<Record<string, string>> = {}): readonly Sample[] {
    const wanted = Object.entries(labels);
    return this.samples.filter(
      (sample) => sample.name === name && wanted.every(([label, value]) => sample.labels[label] === value),
    );
  }

  /** 0 when there is no such series. */
  sum(name: string, labels: Readonly<Record<string, string>> = {}): number {
    return this.find(name, labels).reduce((sum, { value }) => sum + value, 0);
  }
}

const labelsOf = (text: string): Record<string, string> =>
  Object.fromEntries([...text.matchAll(LABEL)].map(({ groups }) => [groups!['name']!, groups!['value']!]));
