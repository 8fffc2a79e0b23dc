/** Numbers drawn from a seed: the same seed draws the same ones, on every machine. */
export interface Random {
  /** Whole, both ends included. */
  between(least: number, most: number): number;
  /** @throws when there is nothing to draw from. */
  oneOf<T>(things: readonly T[]): T;
  /** True so often, 0 to 1. */
  chance(share: number): boolean;
}

/** A linear congruential generator of 32 bits with the constants of Numerical Recipes; only its upper half is used. */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state;
  };
  // Seeds that are near each other begin alike.
  for (let round = 0; round < 16; round += 1) next();
  const share = (): number => (next() >>> 16) / 65_536;
  return {
    between: (least, most) => least + Math.floor(share() * (most - least + 1)),
    oneOf: (things) => {
      const drawn = things[Math.floor(share() * things.length)];
      if (drawn === undefined) throw new Error('nothing to draw from');
      return drawn;
    },
    chance: (wanted) => share() < wanted,
  };
}
