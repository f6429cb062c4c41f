import { randomBytes } from 'node:crypto';
import type { TestProject } from 'vitest/node';
import { providers } from '../../src/catalog/catalog.ts';
import { Person } from '../support/person.ts';

/** As many as tests need at a time; a server lets only so many sign up from one address in an hour. */
const peopleNeeded = 6;

/** Signs the operator in at `ISSUER`, and makes accounts by invitation. In the end they are suspended. */
export default async function setUp({ provide }: Pick<TestProject, 'provide'>): Promise<() => Promise<void>> {
  const { ISSUER: issuer = '', OPERATOR_EMAIL: email, OPERATOR_PASSWORD: password } = process.env;
  const operator = new Person({ url: issuer });
  const entered = await operator.submit('/sign-in', { email, password });
  if (entered.status !== 303 || (await operator.get('/operator')).status !== 200) {
    throw new Error('Set OPERATOR_EMAIL and OPERATOR_PASSWORD to those of an operator of the server.');
  }
  const people: { readonly person: Person; readonly email: string }[] = [];
  while (people.length < peopleNeeded) people.push(await invite(operator, issuer));
  const [cookie = '', session = ''] = [...operator.cookies].find(([name]) => name.endsWith('_session')) ?? [];
  provide('elsewhere', {
    issuer,
    cookie,
    operator: session,
    people: people.map(({ person }) => person.cookies.get(cookie) ?? ''),
  });
  return async () => {
    const { html } = await operator.get('/operator');
    for (const { email: address } of people) {
      const user = new RegExp(`${address}[^]*?name="user" value="([^"]*)"`).exec(html)?.[1];
      await operator.post('/operator/users', { user, status: 'suspended' });
    }
  };
}

/** Makes an account with keys for the sandbox. */
async function invite(operator: Person, issuer: string) {
  const { html } = await operator.post('/operator/invitations', { email: '' });
  const link = /<code id="invitation-link">([^<]*)</.exec(html)?.[1] ?? '';
  const person = new Person({ url: issuer });
  const secret = () => randomBytes(12).toString('base64url');
  const email = `conformance-${secret().toLowerCase()}@example.com`;
  const entered = await person.submit(new URL(link).pathname, { email, password: secret() });
  if (entered.status !== 303) throw new Error(`signing up answered ${entered.status}: ${entered.text}`);
  await person.get('/keys/new');
  for (const { name: provider } of providers) {
    const deposited = await person.post('/keys/sandbox', { provider });
    if (deposited.status !== 303) throw new Error('The server needs its sandbox: COATCHECK_SANDBOX=on.');
  }
  return { person, email };
}
