// An OpenID provider for tests: the certified panva/oidc-provider, with sign-in pages that ask nothing.
// Settings come as one JSON argument: {port, clientId, clientSecret, redirectUri}. Who signs in, and with which
// claims, is posted to /test/person; what the provider was asked stands at /test/requests.
import { createServer } from "node:http";
import Provider from "oidc-provider";

const settings = JSON.parse(process.argv[2]);
const issuer = `http://127.0.0.1:${settings.port}`;
let person = { sub: "nobody" };
const requests = [];

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: settings.clientId,
      client_secret: settings.clientSecret,
      redirect_uris: [settings.redirectUri],
      response_types: ["code"],
      grant_types: ["authorization_code"],
      token_endpoint_auth_method: "client_secret_basic",
    },
  ],
  pkce: { required: () => true },
  claims: { openid: ["sub", "amr"], email: ["email", "email_verified"], profile: ["name"], groups: ["groups"] },
  scopes: ["openid", "email", "profile", "groups"],
  conformIdTokenClaims: false,
  cookies: { keys: ["only for tests"] },
  features: { devInteractions: { enabled: false } },
  interactions: { url: (_, interaction) => `/test/interaction/${interaction.uid}` },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ ...person, sub: id }) }),
});

async function bodyOf(request) {
  let text = "";
  for await (const part of request) text += part;
  return text;
}

async function interact(request, response) {
  const { prompt, params, session } = await provider.interactionDetails(request, response);
  if (person.refuses) {
    return provider.interactionFinished(request, response, { error: "access_denied" });
  }
  if (prompt.name === "login") {
    return provider.interactionFinished(request, response, {
      login: { accountId: person.sub, amr: person.amr ?? ["pwd"], remember: false },
    });
  }
  const grant = new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
  grant.addOIDCScope(params.scope);
  return provider.interactionFinished(request, response, { consent: { grantId: await grant.save() } });
}

const handle = provider.callback();
createServer(async (request, response) => {
  const address = new URL(request.url, issuer);
  if (address.pathname === "/test/person") {
    person = JSON.parse(await bodyOf(request));
    response.writeHead(204).end();
  } else if (address.pathname === "/test/requests") {
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(requests));
  } else if (address.pathname.startsWith("/test/interaction/")) {
    await interact(request, response);
  } else {
    if (address.pathname === "/auth") requests.push(Object.fromEntries(address.searchParams));
    await handle(request, response);
  }
}).listen(settings.port, "127.0.0.1", () => process.stdout.write("ready\n"));
