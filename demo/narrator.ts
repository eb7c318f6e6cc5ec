import type { WriteStream } from 'node:tty';

export interface Narrator {
  chapter(title: string): void;
  say(text: string): void;
  /** Something to copy, or what a program printed. */
  quote(text: string): void;
  /** Shows a progress line until `work` is done, if that takes a while. */
  during<Result>(what: string, work: Promise<Result>): Promise<Result>;
  /** Text as it arrives, piece by piece. */
  trickle(pieces: AsyncIterable<string>): Promise<void>;
}

const slowMs = 300;

/** Tells the story on `output`, with colour and moving lines only where a person reads it. */
export function createNarrator(output: WriteStream): Narrator {
  const coloured = output.isTTY && process.env['NO_COLOR'] === undefined;
  const paint = (code: number) => (text: string) => (coloured ? `\x1b[${code}m${text}\x1b[0m` : text);
  const bold = paint(1);
  const faint = paint(2);
  const green = paint(32);
  const write = (text: string) => void output.write(text);
  let chapters = 0;

  return {
    chapter(title) {
      chapters += 1;
      write(`\n${bold(`${chapters}. ${title}`)}\n`);
    },
    say: (text) => write(`   ${text}\n`),
    quote: (text) => write(`${text.replace(/^/gm, `   ${faint('│')} `)}\n`),
    async during(what, work) {
      const startedAtMs = performance.now();
      const seconds = () => ((performance.now() - startedAtMs) / 1000).toFixed(1);
      const ticking = setInterval(() => {
        if (output.isTTY) write(`\r   ${faint(`${what} ... ${seconds()} s`)}`);
      }, slowMs);
      if (!output.isTTY) write(`   ${what} ...\n`);
      try {
        const result = await work;
        write(`${output.isTTY ? '\r\x1b[K' : ''}   ${green('✔')} ${what} ${faint(`(${seconds()} s)`)}\n`);
        return result;
      } finally {
        clearInterval(ticking);
      }
    },
    async trickle(pieces) {
      write(`   ${faint('│')} `);
      for await (const piece of pieces) write(piece.replaceAll('\n', `\n   ${faint('│')} `));
      write('\n');
    },
  };
}
