import type { Disk } from '../../local-aws/disk.ts';

/**
 * A disk in memory whose writes take time. `afterCrash` returns the disk as it would be after a crash at this moment.
 *
 * @param turn - what each write waits for before it takes effect
 */
export function slowDisk(turn: () => Promise<unknown>): Disk & { afterCrash(): Disk } {
  const written = new Map<string, string>();
  const diskOf = (texts: Map<string, string>): Disk => ({
    async *texts(prefix) {
      for (const [key, text] of texts) if (key.startsWith(prefix)) yield [key.slice(prefix.length), text];
    },
    read: (key) => texts.get(key),
    async write(changes) {
      const batch = [...changes];
      await turn();
      for (const [key, text] of batch) {
        if (text === undefined) texts.delete(key);
        else texts.set(key, text);
      }
    },
    close: async () => {},
  });
  return { ...diskOf(written), afterCrash: () => diskOf(new Map(written)) };
}
