// A provider of identities on loopback: node provider.mjs PORT REDIRECT. It insists on PKCE, a nonce and its client's secret.
import { Provider } from 'oidc-provider';

const [port, redirect] = process.argv.slice(2);
const people = {
  zhang: { name: '张三', preferred_username: 'zhang', groups: ['minzheng', 'lunch'] },
  li: { name: '李四', preferred_username: 'li', groups: ['shengai'] },
  an: { name: '安', preferred_username: 'an', groups: ['an', 'du'] },
  nobody: { name: '无', preferred_username: 'nobody', groups: ['lunch'] },
};
const provider = new Provider(`http://localhost:${port}`, {
  clients: [{ client_id: 'desk', client_secret: 'a secret of the desk', redirect_uris: [redirect] }],
  claims: { openid: ['sub'], profile: ['name', 'preferred_username'], groups: ['groups'] },
  scopes: ['openid', 'profile', 'groups'],
  pkce: { required: () => true },
  features: { devInteractions: { enabled: true } },
  findAccount: (_, id) => ({ accountId: id, claims: async () => ({ sub: `id-of-${id}`, ...people[id] }) }),
});
provider.listen(Number(port), () => console.log('ready'));
