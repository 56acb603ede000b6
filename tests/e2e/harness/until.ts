import {setTimeout as pause} from 'node:timers/promises';

/**
 * Asks `probe` again and again until it gives something other than undefined, null or false, and
 * returns that. After `seconds` it throws, saying what it waited for and what it saw last.
 */
export async function until<T>(
    what: string, probe: () => T | Promise<T>, seconds = 30): Promise<NonNullable<T>> {
  const deadline = performance.now() + seconds * 1000;
  let last: unknown;
  do {
    try {
      const value = await probe();
      if (value !== undefined && value !== null && value !== false) return value as NonNullable<T>;
      last = value;
    } catch (error) {
      last = error;
    }
    await pause(50);
  } while (performance.now() < deadline);
  throw new Error(`not within ${seconds} s: ${what} (last: ${last})`);
}
