/**
 * A small third-party app. It knows the broker by its address alone and uses nothing of Coatcheck: standard OAuth through
 * `openid-client`, and the `openai` SDK with another base URL.
 *
 * Needs in the environment: BROKER_URL, CLIENT_ID, CLIENT_SECRET, PORT.
 */
import { randomUUID } from 'node:crypto';
import { serve } from '@hono/node-server';
import { type Context, Hono } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';
import { html } from 'hono/html';
import { streamText } from 'hono/streaming';
import OpenAI from 'openai';
import * as oauth from 'openid-client';

const { BROKER_URL = '', CLIENT_ID = '', CLIENT_SECRET = '', PORT = '8790' } = process.env;
const origin = `http://127.0.0.1:${PORT}`;
const model = 'gpt-5-mini';
const refreshBefore = 60_000;

/** What this app keeps of one visitor. */
interface Visitor {
  pending?: { readonly verifier: string; readonly state: string };
  tokens?: { access: string; refresh: string; expiresAt: number };
}

const visitors = new Map<string, Visitor>();
const broker = await oauth.discovery(new URL(BROKER_URL), CLIENT_ID, CLIENT_SECRET, undefined, {
  algorithm: 'oauth2',
  // Only because the demo runs on loopback without TLS.
  execute: [oauth.allowInsecureRequests],
});

function visitorOf(c: Context): Visitor {
  const id = getCookie(c, 'demo_visitor') ?? randomUUID();
  setCookie(c, 'demo_visitor', id, { httpOnly: true, sameSite: 'Lax' });
  const visitor = visitors.get(id) ?? {};
  visitors.set(id, visitor);
  return visitor;
}

function keep(visitor: Visitor, answer: oauth.TokenEndpointResponse): void {
  visitor.tokens = {
    access: answer.access_token,
    refresh: answer.refresh_token ?? '',
    expiresAt: Date.now() + (answer.expires_in ?? 0) * 1000,
  };
}

/** The access token, fresh enough for the next call: the SDK asks before every attempt. */
async function accessToken(visitor: Visitor): Promise<string> {
  if (!visitor.tokens) throw new Error('not connected');
  if (visitor.tokens.expiresAt - refreshBefore < Date.now()) {
    keep(visitor, await oauth.refreshTokenGrant(broker, visitor.tokens.refresh));
  }
  return visitor.tokens.access;
}

const page = (body: unknown) => html`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Postcards</title>
<style>
  body { font: 1.1rem/1.5 system-ui, sans-serif; max-width: 34rem; margin: 3rem auto; padding: 0 1rem; color-scheme: light dark }
  textarea { width: 100%; box-sizing: border-box; font: inherit; padding: .5rem }
  button, .button { font: inherit; padding: .5rem 1rem; display: inline-block }
</style>
<h1>Postcards</h1>
${body}
</html>`;

const app = new Hono();

app.get('/', (c) =>
  c.html(
    visitorOf(c).tokens
      ? page(html`<form method="post" action="/write">
          <label for="wish">What should the postcard say?</label>
          <textarea id="wish" name="wish" rows="3" required>Greetings from the coast</textarea>
          <button>Write it</button>
        </form>
        <form method="post" action="/disconnect"><button>Disconnect</button></form>`)
      : page(html`<p>We write postcards with your own AI key, and never see it.</p>
        <p><a class="button" href="/connect">Connect your key with Coatcheck</a></p>`),
  ),
);

app.get('/connect', async (c) => {
  const verifier = oauth.randomPKCECodeVerifier();
  const state = oauth.randomState();
  visitorOf(c).pending = { verifier, state };
  const url = oauth.buildAuthorizationUrl(broker, {
    redirect_uri: `${origin}/callback`,
    scope: 'openai:text',
    state,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  });
  return c.redirect(url.href);
});

app.get('/callback', async (c) => {
  const visitor = visitorOf(c);
  if (!visitor.pending) return c.redirect('/');
  const { verifier, state } = visitor.pending;
  delete visitor.pending;
  try {
    keep(
      visitor,
      await oauth.authorizationCodeGrant(broker, new URL(c.req.url, origin), {
        pkceCodeVerifier: verifier,
        expectedState: state,
      }),
    );
    return c.redirect('/');
  } catch (error) {
    if (!(error instanceof oauth.AuthorizationResponseError)) throw error;
    return c.html(page(html`<p>Not connected: ${error.error}. <a href="/">Back</a></p>`), 403);
  }
});

app.post('/write', async (c) => {
  const visitor = visitorOf(c);
  if (!visitor.tokens) return c.redirect('/');
  const { wish } = await c.req.parseBody();
  const openai = new OpenAI({ baseURL: `${BROKER_URL}/openai/v1`, apiKey: () => accessToken(visitor) });
  try {
    const answer = await openai.chat.completions.create({
      model,
      stream: true,
      messages: [{ role: 'user', content: `Write a short postcard. ${String(wish)}` }],
    });
    return streamText(c, async (stream) => {
      for await (const chunk of answer) await stream.write(chunk.choices[0]?.delta.content ?? '');
    });
  } catch (error) {
    return refused(c, error);
  }
});

app.post('/disconnect', async (c) => {
  const visitor = visitorOf(c);
  if (visitor.tokens) await oauth.tokenRevocation(broker, visitor.tokens.refresh);
  delete visitor.tokens;
  return c.redirect('/');
});

/** The broker's refusals say what happened, in the SDK's own error. */
function refused(c: Context, error: unknown): Response | Promise<Response> {
  if (error instanceof OpenAI.APIError) {
    return c.html(page(html`<p>The broker refused: ${error.code}. ${error.message}</p>`), 502);
  }
  if (error instanceof oauth.ResponseBodyError) {
    return c.html(
      page(html`<p>The broker refused: ${error.error}. <a href="/connect">Connect again</a></p>`),
      502,
    );
  }
  throw error;
}

serve({ fetch: app.fetch, hostname: '127.0.0.1', port: Number(PORT) }, () => {
  console.log(`Postcards is at ${origin}`);
});
