/** Where somebody wanted to go before they had an account: kept over registering and the mail that confirms it. */

const KEY = "ccm.onward";
const KEPT_MS = 24 * 60 * 60 * 1000;

/** Returns an address inside of the portal, or nothing. */
export function inside(wanted: unknown): string | undefined {
  return typeof wanted === "string" && /^\/(?![/\\])/.test(wanted) ? wanted : undefined;
}

/** Keeps it in this browser, as long as the mail's link works. */
export function keepOnward(wanted: unknown): void {
  const path = inside(wanted);
  if (path) localStorage.setItem(KEY, JSON.stringify({ path, at: Date.now() }));
}

/** Returns it, and keeps it. */
export function peekOnward(): string | undefined {
  const kept = localStorage.getItem(KEY);
  try {
    const { path, at } = JSON.parse(kept ?? "{}") as { path?: unknown; at?: unknown };
    return typeof at === "number" && Date.now() - at < KEPT_MS ? inside(path) : undefined;
  } catch {
    return undefined;
  }
}

/** Returns it, once. */
export function takeOnward(): string | undefined {
  const path = peekOnward();
  localStorage.removeItem(KEY);
  return path;
}

/** Returns the address that the page before has named, in no place that a server sees. */
export function statedEmail(): string {
  const email = (history.state as { email?: unknown } | null)?.email;
  return typeof email === "string" ? email : "";
}
