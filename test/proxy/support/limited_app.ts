import OpenAI, { APIError, type ClientOptions } from 'openai';
import { type Broker, connect } from '../../support/broker.ts';
import { accessTo, type Limits, limitGrant, narrowToken } from '../../support/limits.ts';

/** An app that a user has let in with limits. */
export interface LimitedApp {
  readonly token: string;
  readonly grantId: string;
  readonly openai: OpenAI;
  /** Has the user allow other limits. */
  allow(limits: Limits): Promise<void>;
  /** The app with a token that allows less. */
  narrowed(limits: Limits): Promise<OpenAI>;
}

const usual = ['models.read', 'text', 'embeddings', 'moderation', 'images'].map((name) => `openai:${name}`);

export async function connectLimited(
  broker: Broker,
  limits: Limits,
  scopes: readonly string[] = usual,
): Promise<LimitedApp> {
  const { tokens } = await connect(broker, { scopes });
  const { access_token: token, grant_id: grantId } = tokens;
  const allow = (allowed: Limits) => limitGrant(broker, token, accessTo('openai', allowed));
  await allow(limits);
  return {
    token,
    grantId,
    openai: openaiAt(broker, token),
    allow,
    async narrowed(narrower) {
      return openaiAt(broker, await narrowToken(broker, token, accessTo('openai', narrower)));
    },
  };
}

/** The SDK, which tries once unless told otherwise. */
export function openaiAt({ url }: Broker, token: string, options: ClientOptions = {}): OpenAI {
  return new OpenAI({ baseURL: `${url}/openai/v1`, apiKey: token, maxRetries: 0, ...options });
}

/** What the SDK throws when a call is refused. */
export async function refusalOf(call: PromiseLike<unknown>): Promise<APIError> {
  try {
    await call;
  } catch (error) {
    if (error instanceof APIError) return error;
    throw error;
  }
  throw new Error('it was not refused');
}

export const chat = {
  model: 'gpt-5-mini',
  messages: [{ role: 'user' as const, content: 'Tell me of the tide, at length and in detail, please.' }],
};
