import type { Client } from '../store/records.ts';
import type { AnswerTarget } from './answer_target.ts';
import { Badge } from './components/badge.tsx';
import { Notice } from './components/notice.tsx';
import { Day } from './components/time.tsx';

/** How far the app can be told from a fake. */
export function WhoAsks({ client, target }: { readonly client: Client; readonly target: AnswerTarget }) {
  const place = {
    site: (
      <>
        The answer goes to <strong>{target.name}</strong>.
      </>
    ),
    this_computer: (
      <>
        The answer goes to a program on this computer (<strong>{target.name}</strong>). Any program here could
        pose as this app: approve only if you have just started it yourself.
      </>
    ),
    this_device: (
      <>
        The answer goes to whichever app on this device opens <strong>{`${target.name}:`}</strong> links.
        Approve only if you have just used it yourself.
      </>
    ),
    other_device: (
      <>
        It asks from a device that shows the code <strong class="unbroken">{target.name}</strong>. Approve
        only if you see this code on a device of your own: if somebody sent it to you, they would get to use
        your keys.
      </>
    ),
  }[target.kind];
  if (client.verified) {
    return (
      <Notice tone="plain">
        <p>
          <Badge tone="good">Verified app</Badge> {place}
        </p>
        <Origin client={client} target={target} />
      </Notice>
    );
  }
  return (
    <Notice tone="warning">
      <p>
        <Badge tone="warning">Not verified</Badge> Nobody here has checked who runs this app; its name is its
        own word. {place}
      </p>
      <Origin client={client} target={target} />
    </Notice>
  );
}

/** Since when the app is known, where a document about it is from, and whether the site that gets the answer is its own. */
function Origin({ client, target }: { readonly client: Client; readonly target: AnswerTarget }) {
  return (
    <p>
      {client.freshUntil === null ? (
        'Registered here since '
      ) : (
        <>
          What it says of itself comes from <strong>{new URL(client.id).host}</strong>. Known here since{' '}
        </>
      )}
      <Day at={client.createdAt} />.
      {target.kind === 'site' && client.domainProvenAt !== null && (
        <>
          {' '}
          Whoever made it showed on <Day at={client.domainProvenAt} /> that <strong>{target.name}</strong> is
          theirs.
        </>
      )}
    </p>
  );
}
