// node-oidc-provider with what the benchmark asks for, and its defaults everywhere else.
import Provider from 'oidc-provider';
import RedisAdapter from './redis_adapter.mjs';

const settings = JSON.parse(process.env.PEER_SETTINGS);
const issuer = `http://localhost:${settings.port}`;

function app({ client_id, client_secret, algorithm }) {
  return {
    client_id,
    client_secret,
    id_token_signed_response_alg: algorithm,
    redirect_uris: [settings.redirect_uri],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
  };
}

const provider = new Provider(issuer, {
  adapter: RedisAdapter,
  jwks: { keys: settings.keys },
  clients: [
    ...settings.apps.map(app),
    {
      ...settings.machine,
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
    },
  ],
  cookies: { keys: ['a key of a benchmark, not a secret'] },
  claims: { openid: ['sub'], profile: Object.keys(settings.claims), email: ['email', 'email_verified'] },
  findAccount: (_ctx, id) => ({
    accountId: id,
    claims: () => ({ sub: id, ...settings.claims, email: `${id}@example.com`, email_verified: false }),
  }),
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    introspection: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => undefined,
      getResourceServerInfo: () => ({
        scope: 'api',
        accessTokenTTL: settings.token_seconds,
        accessTokenFormat: 'jwt',
        jwt: { sign: { alg: 'ES256' } },
      }),
    },
    revocation: { enabled: true },
  },
  interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
  issueRefreshToken: (_ctx, client) => client.grantTypeAllowed('refresh_token'),
  rotateRefreshToken: true,
  pkce: { required: () => true },
  ttl: {
    AccessToken: settings.token_seconds,
    ClientCredentials: settings.token_seconds,
    IdToken: settings.token_seconds,
    Session: 14 * 24 * 3600,
    Grant: 14 * 24 * 3600,
    RefreshToken: 14 * 24 * 3600,
    Interaction: 3600,
  },
});

// Whoever comes is signed in under the name that the request hints at, and allows everything.
provider.use(async (ctx, next) => {
  if (!ctx.path.startsWith('/interaction/')) return next();
  const { uid, params, session } = await provider.interactionDetails(ctx.req, ctx.res);
  const accountId = session?.accountId ?? params.login_hint;
  const grant = new provider.Grant({ accountId, clientId: params.client_id });
  grant.addOIDCScope('openid profile email');
  const result = { login: { accountId }, consent: { grantId: await grant.save() } };
  return provider.interactionFinished(ctx.req, ctx.res, result);
});

provider.on('server_error', (_ctx, error) => console.error(error));
provider.listen(settings.port, '127.0.0.1', () => console.log('listening'));
