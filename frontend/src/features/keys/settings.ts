/** The lines that point Claude Code at a gateway with a key: its own documented variables. */

export interface GatewaySettings {
  baseUrl: string;
  token: string;
}

export function settingsJson({ baseUrl, token }: GatewaySettings): string {
  return JSON.stringify({ env: { ANTHROPIC_BASE_URL: baseUrl, ANTHROPIC_AUTH_TOKEN: token } }, null, 2);
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

export function shellLines({ baseUrl, token }: GatewaySettings): string {
  return `export ANTHROPIC_BASE_URL=${quoted(baseUrl)}\nexport ANTHROPIC_AUTH_TOKEN=${quoted(token)}`;
}

export function powershellLines({ baseUrl, token }: GatewaySettings): string {
  const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;
  return `$env:ANTHROPIC_BASE_URL = ${literal(baseUrl)}\n$env:ANTHROPIC_AUTH_TOKEN = ${literal(token)}`;
}
