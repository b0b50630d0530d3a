// A certified OpenID provider on loopback for the tests; its settings come as JSON on stdin.
// It ends when stdin does, so it never outlives the test run that started it.
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import { createInterface } from "node:readline";

import Provider from "oidc-provider";

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const settings = JSON.parse((await lines.next()).value);
const flows = ["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"];

const provider = new Provider(settings.issuer, {
  clients: [
    {
      client_id: settings.client_id,
      client_secret: settings.client_secret,
      token_endpoint_auth_method: "client_secret_post",
      redirect_uris: settings.redirect_uris,
      grant_types: flows,
      response_types: ["code"],
    },
    {
      // The mail servers, which only ask what a token is worth.
      client_id: settings.mail_client_id,
      client_secret: settings.client_secret,
      token_endpoint_auth_method: "client_secret_post",
      redirect_uris: [],
      grant_types: [],
      response_types: [],
    },
  ],
  claims: { openid: ["sub"], email: ["email", "email_verified"] },
  conformIdTokenClaims: false,
  cookies: { keys: ["only for tests"] },
  features: {
    devInteractions: { enabled: true },
    deviceFlow: { enabled: true },
    introspection: { enabled: true, allowedPolicy: () => true },
    revocation: { enabled: true, allowedPolicy: () => true },
  },
  findAccount: (ctx, id) => ({
    accountId: id,
    claims: () => ({ sub: id, email: id, email_verified: true }),
  }),
  // Google gives a refresh token without being asked for one by a scope.
  issueRefreshToken: () => true,
  pkce: { required: () => true },
  rotateRefreshToken: true,
  scopes: ["openid", "offline_access", "email", ...settings.scopes],
  ttl: {
    AccessToken: settings.access_seconds,
    AuthorizationCode: 60,
    DeviceCode: 600,
    Grant: 86400,
    IdToken: 3600,
    Interaction: 600,
    RefreshToken: 86400,
    Session: 86400,
  },
});

// What was asked, for tests that count: one line a request.
provider.use(async (ctx, next) => {
  await next();
  const form = ctx.oidc?.body ?? {};
  const asked = { path: ctx.path, status: ctx.status, grant_type: form.grant_type ?? "" };
  process.stdout.write(`${JSON.stringify(asked)}\n`);
});

const tls = { cert: readFileSync(settings.cert), key: readFileSync(settings.key) };
const server = createServer(tls, provider.callback());
server.listen(settings.port, "127.0.0.1", () => process.stdout.write("{}\n"));

// Each further line is an access token that is to end before its time, and it alone.
for await (const line of lines) {
  await (await provider.AccessToken.find(line))?.destroy();
  process.stdout.write(`${JSON.stringify({ path: "ended", status: 0, grant_type: "" })}\n`);
}
process.exit(0);
