import type { Server, ServerResponse } from 'node:http';

/** The requests at a server that are not answered to the end yet. */
export interface OpenRequests {
  /** Resolves as soon as there is none. */
  none(): Promise<void>;
}

/** Counts them from now on. */
export function countOpenRequests(server: Server): OpenRequests {
  let open = 0;
  let onNone = () => {};
  const ended = () => {
    open -= 1;
    if (open === 0) onNone();
  };
  server.on('request', (_request, response: ServerResponse) => {
    open += 1;
    response.once('close', ended);
  });
  return {
    none() {
      return new Promise((resolve) => {
        onNone = resolve;
        if (open === 0) resolve();
      });
    },
  };
}
