/** A first post with curl: enough to see the token work and an event arrive. */
export function curlSnippet(origin: string, token: string, now: Date): string {
  const event = {
    id: `hello-${now.getTime()}`,
    time: now.toISOString(),
    api_key: "ccm_…",
    model: "claude-sonnet-4-5",
    usage: { input_tokens: 1200, output_tokens: 340 },
  };
  return [
    `curl -X POST '${origin}/v1/events?wait=5' \\`,
    `  -H 'Authorization: Bearer ${token}' \\`,
    "  -H 'Content-Type: application/json' \\",
    `  -d '${JSON.stringify(event)}'`,
  ].join("\n");
}
