/** How hard a password is to guess, roughly. The server decides whether it will do; this only helps while typing. */

export const LEAST_PASSWORD = 8;
export const MOST_PASSWORD = 128;

export type Strength = 0 | 1 | 2 | 3 | 4;

const ROWS = ["abcdefghijklmnopqrstuvwxyz", "0123456789", "qwertyuiop", "asdfghjkl", "zxcvbnm", "1qaz2wsx3edc4rfv"];
const TELLING = 3;
/** Guesses that a stolen hash, an attacker with a rack of machines, and a lifetime would allow, as powers of two. */
const STEPS = [28, 40, 54, 70];

function alphabet(text: string): number {
  let size = 0;
  if (/[a-z]/.test(text)) size += 26;
  if (/[A-Z]/.test(text)) size += 26;
  if (/\d/.test(text)) size += 10;
  if (/[ -/:-@[-`{-~]/.test(text)) size += 33;
   
  if (/[^\x00-\x7f]/.test(text)) size += 200;
  return Math.max(size, 1);
}

function follows(before: string, after: string): boolean {
  return ROWS.some((row) => {
    const place = row.indexOf(before);
    return place >= 0 && (row[place + 1] === after || row[place - 1] === after);
  });
}

/** Characters that are not what the one before lets expect. */
function surprising(text: string): number {
  const folded = [...text.toLowerCase()];
  return folded.filter(
    (character, place) =>
      place === 0 || (character !== folded[place - 1] && !follows(folded[place - 1] ?? "", character)),
  ).length;
}

function without(text: string, words: readonly string[]): string {
  let rest = text;
  for (const word of words.flatMap((one) => one.toLowerCase().split(/[\s@.]+/))) {
    if (word.length < TELLING) continue;
    const place = rest.toLowerCase().indexOf(word);
    if (place >= 0) rest = rest.slice(0, place) + rest.slice(place + word.length);
  }
  return rest;
}

/** Rates a password from 0 to 4, given words that everybody would try first: name and address. */
export function strengthOf(password: string, words: readonly string[] = []): Strength {
  const rest = without(password, words);
  if ([...password].length < LEAST_PASSWORD || new Set(password.toLowerCase()).size < 3) return 0;
  const bits = surprising(rest) * Math.log2(alphabet(rest));
  return STEPS.filter((step) => bits >= step).length as Strength;
}
