import { expect, onTestFinished, test, vi } from 'vitest';
import { withProgress } from '../../scripts/progress.mjs';

/** A command that takes as long as it is told, and what was said meanwhile. */
function slowCommand() {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const said: string[] = [];
  const speaking = vi.spyOn(console, 'error').mockImplementation((line: string) => void said.push(line));
  onTestFinished(() => speaking.mockRestore());
  const run = (takesMs: number) => new Promise<number>((resolve) => setTimeout(() => resolve(takesMs), takesMs));
  return { said, run };
}

test('a slow command is told of every ten seconds, with what it is and since when, and no more when it is done', async () => {
  const { said, run } = slowCommand();
  const done = withProgress('installing (about 20 s)', async () => await run(35_000));
  await vi.advanceTimersByTimeAsync(60_000);
  expect(await done).toBe(35_000);
  expect(said).toEqual([
    '· installing (about 20 s) …',
    '  installing (about 20 s): for 10 s now …',
    '  installing (about 20 s): for 20 s now …',
    '  installing (about 20 s): for 30 s now …',
    '  done in 35.0 s',
  ]);
});

test('of one that fails no more is said', async () => {
  const { said, run } = slowCommand();
  const done = withProgress('building', async () => {
    await run(12_000);
    throw new Error('broken');
  });
  const failed = expect(done).rejects.toThrow('broken');
  await vi.advanceTimersByTimeAsync(60_000);
  await failed;
  expect(said).toEqual(['· building …', '  building: for 10 s now …']);
});
