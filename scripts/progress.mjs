/** Where there is no terminal, npm, pip and apt say nothing until they are done. */
const SAY_EVERY_MS = 10_000;

/**
 * Says what takes long before it starts, every 10 s that it is under way, and how long it took.
 *
 * @template T
 * @param {string} what
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withProgress(what, work) {
  const startedAtMs = performance.now();
  const elapsedSec = () => (performance.now() - startedAtMs) / 1_000;
  console.error(`· ${what} …`);
  const saying = setInterval(() => console.error(`  ${what}: for ${elapsedSec().toFixed(0)} s now …`), SAY_EVERY_MS);
  try {
    const done = await work();
    console.error(`  done in ${elapsedSec().toFixed(1)} s`);
    return done;
  } finally {
    clearInterval(saying);
  }
}
