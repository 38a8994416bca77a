/** What a service's metrics say of how it gets on. */
export interface ServiceFigures {
  /** Records of the log that it has not read. */
  lag: number;
  /** Events that it has not handed to the log. */
  outbox: number;
  /** Events that failed, by state. */
  deadLetters: Record<string, number>;
}

const SAMPLE = /^(\w+)(?:\{(.*)\})? (\S+)/;

/** Reads the gauges that are shown from Prometheus' text; what is missing counts as 0. */
export function readFigures(text: string): ServiceFigures {
  const figures: ServiceFigures = { lag: 0, outbox: 0, deadLetters: {} };
  for (const line of text.split('\n')) {
    const [, name, labels = '', value] = SAMPLE.exec(line) ?? [];
    if (name === 'jumun_consumer_lag') figures.lag = Number(value);
    else if (name === 'jumun_outbox_waiting') figures.outbox = Number(value);
    else if (name === 'jumun_dead_letters') {
      const state = /(?:^|,)state="(\w+)"/.exec(labels)?.[1];
      if (state) figures.deadLetters[state] = Number(value);
    }
  }
  return figures;
}

/** Dead letters that are not discarded. */
export function openLetters({ deadLetters }: ServiceFigures): number {
  return Object.entries(deadLetters).reduce((sum, [state, n]) => (state === 'discarded' ? sum : sum + n), 0);
}
