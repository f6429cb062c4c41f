import { providersOfScopes } from '../catalog/catalog.ts';
import { splitScope } from '../catalog/scope.ts';
import type { Client } from '../store/records.ts';
import { Snippet } from './components/snippet.tsx';

/** What a developer puts into an app, with the values of this one filled in. */
export function Integration({ issuer, client }: { readonly issuer: string; readonly client: Client }) {
  const scopes = splitScope(client.scope);
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: client.id,
    redirect_uri: client.redirectUris[0] ?? '',
    scope: scopes.join(' '),
    code_challenge_method: 'S256',
  });
  return (
    <>
      <p>
        Use any OAuth client library: it finds everything else at the issuer. By hand, send people to the
        address below with a fresh <code>code_challenge</code> and <code>state</code>.
      </p>
      <Snippet id="issuer" label="Issuer" text={issuer} />
      <Snippet
        id="authorize"
        label="Authorization request"
        text={`${issuer}/oauth/authorize?${query}&code_challenge=…&state=…`}
      />
      {providersOfScopes(scopes).map(({ name, title, mount, sdkExample }) => (
        <Snippet
          id={`sdk-${name}`}
          label={`${title} SDK with an access token`}
          text={sdkExample(issuer + mount, 'accessToken')}
        />
      ))}
    </>
  );
}
