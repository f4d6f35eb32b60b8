// An OpenID Connect provider for the tests: oidc-provider with its own log-in
// pages. What it is like comes as JSON in the environment variable PROVIDER:
//
//   modules   folder whose package.json leads to oidc-provider
//   port      where to listen; 0: a free port
//   redirects addresses that browsers may be sent back to
//   secret    of the client "kinwire"; empty: a public client
//   method    by which the client proves itself at the token endpoint
//   inToken   whether claims are in the ID token and not at userinfo alone
//   people    claims by the name that somebody types into the log-in page
//
// It prints its port, and ends when its standard input does.
import { createRequire } from "node:module";
import { createServer } from "node:http";
import { pathToFileURL } from "node:url";

const cfg = JSON.parse(process.env.PROVIDER);
const { default: Provider } = await import(
  pathToFileURL(createRequire(cfg.modules + "/package.json").resolve("oidc-provider"))
);

let handle;
const server = createServer((req, res) => handle(req, res));
server.listen(cfg.port, "127.0.0.1", () => {
  const { port } = server.address();
  const provider = new Provider(`http://127.0.0.1:${port}`, {
    clients: [
      {
        client_id: "kinwire",
        client_secret: cfg.secret || undefined,
        token_endpoint_auth_method: cfg.method,
        redirect_uris: cfg.redirects,
      },
    ],
    clientAuthMethods: [cfg.method],
    claims: { email: ["email", "email_verified"], profile: ["name"] },
    conformIdTokenClaims: !cfg.inToken,
    pkce: { required: () => true },
    findAccount: (_, id) => ({
      accountId: id,
      claims: () => ({ sub: id, ...cfg.people[id] }),
    }),
    cookies: { keys: ["a key for tests"] },
  });
  handle = provider.callback();
  console.log(`port ${port}`);
});
process.stdin.resume();
process.stdin.on("end", () => process.exit(0));
