import { startSandbox } from './server.ts';

/** The sandbox as configured: started here, running elsewhere, or off. */
export interface OpenSandbox {
  /** An URL of it, such as OpenAI's base URL there; null when it is off. */
  readonly url: string | null;
  close(): Promise<void>;
}

export const closedSandbox: OpenSandbox = { url: null, close: async () => {} };

/** Starts the sandbox when it is to run in this process. */
export async function openSandbox(config: {
  readonly sandbox: 'on' | 'off' | { readonly url: string };
}): Promise<OpenSandbox> {
  if (config.sandbox === 'off') return closedSandbox;
  return config.sandbox === 'on' ? startSandbox() : { ...closedSandbox, url: config.sandbox.url };
}
