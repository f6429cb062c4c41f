import { decide } from '../decide.ts';
import { openai } from '../openai.ts';
import { matchRoute } from '../route.ts';
import type { SocketKind } from '../socket.ts';

/** WS /responses: each `response.create` is answered with the events that POST /responses would stream. */
export const responseSocket: SocketKind = {
  api: openai,
  path: '/responses',
  open: ({ key, query, shelf, created }) => ({
    greeting: [],
    reply: ({ type: _type, ...fields }) =>
      decide({
        api: openai,
        ...{ key, query, shelf, created },
        method: 'POST',
        path: `${openai.path}/responses`,
        matched: matchRoute(openai.routes, 'POST', '/responses'),
        body: { fields: { ...fields, stream: true }, files: [] },
      }),
  }),
};
