/**
 * Says what takes long before it starts, and how long it took.
 *
 * @template T
 * @param {string} what
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withProgress(what, work) {
  const startedAtMs = performance.now();
  console.error(`· ${what} …`);
  const done = await work();
  console.error(`  done in ${((performance.now() - startedAtMs) / 1_000).toFixed(1)} s`);
  return done;
}
