import type { HttpBindings } from '@hono/node-server';
import type { Context } from 'hono';
import type { Deps } from '../deps.ts';
import type { Session, User } from '../store/records.ts';

/** Who asks for a page, from where. */
export interface Visitor {
  /** Null when nobody is signed in. */
  readonly user: User | null;
  /** The sign-in by which the user is known; null when nobody is signed in. */
  readonly session: Session | null;
  /** Value of the session cookie, good or not. */
  readonly sessionToken: string | undefined;
  /** Hash of the browser cookie: names the browser across sign-in and sign-out. */
  readonly browserHash: string;
  /** What a form sent to this visitor carries, to show that it came from one of our pages. */
  readonly csrf: string;
  /** Network address, for rate limits. */
  readonly address: string;
}

export interface PageEnv {
  Bindings: HttpBindings;
  Variables: {
    readonly deps: Deps;
    readonly visitor: Visitor;
    /** What was submitted; only on POST. */
    readonly form: URLSearchParams;
  };
}

export type PageContext = Context<PageEnv>;

type Answer = Response | Promise<Response>;

/** A page for anybody. */
export type Page = (c: PageContext) => Answer;

/** A page for signed-in users. */
export type UserPage = (c: PageContext, user: User) => Answer;
