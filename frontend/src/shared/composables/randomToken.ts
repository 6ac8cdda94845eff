/** Random hexadecimal text; `crypto.randomUUID` is missing on plain HTTP, this is not. */
export function randomToken(bytes = 16): string {
  const values = crypto.getRandomValues(new Uint8Array(bytes));
  return Array.from(values, (value) => value.toString(16).padStart(2, "0")).join("");
}
