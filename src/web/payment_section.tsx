import { providersOfScopes } from '../catalog/catalog.ts';
import type { Provider } from '../catalog/provider.ts';
import { splitScope } from '../catalog/scope.ts';
import type { Client, Credential } from '../store/records.ts';
import { keyLabel } from './components/credential.tsx';
import { Form, Select, Tick } from './components/form.tsx';
import type { Visitor } from './page.ts';

/** The value for no key. */
export const nobody = 'none';

export const fieldOf = ({ name }: Provider) => `pay_${name}`;

/** Which keys an app pays with, for its developer. */
export function Payment(props: {
  readonly client: Client;
  readonly path: string;
  readonly visitor: Visitor;
  /** The developer's own. */
  readonly keys: readonly Credential[];
  /** Those that the app pays with. */
  readonly lent: readonly Credential[];
}) {
  const { client, path, visitor, keys, lent } = props;
  return (
    <section class="card" id="payment">
      <h2>Pay for people without a key</h2>
      <p>
        With a key of yours your app also works for people who have none. You pay for their calls, at most
        what you allow the key under <a href="/spending">Spending</a>.
      </p>
      <Form action={`${path}/payment`} csrf={visitor.csrf}>
        {providersOfScopes(splitScope(client.scope)).map((provider) => {
          const isOf = (credential: Credential) => credential.provider === provider.name;
          return (
            <Select
              name={fieldOf(provider)}
              label={`Key for ${provider.title}`}
              selected={lent.find(isOf)?.id ?? nobody}
              options={[
                { value: nobody, label: 'None: people use their own' },
                ...keys.filter(isOf).map((key) => ({ value: key.id, label: keyLabel(key) })),
              ]}
            />
          );
        })}
        <Tick
          name="when_used_up"
          label="Also when their limit is used up"
          hint="When a limit in dollars of somebody with a key is used up, your app goes on and you pay. People are told when they connect it."
          ticked={client.paysWhenUsedUp}
        />
        <button type="submit">Save who pays</button>
      </Form>
    </section>
  );
}
