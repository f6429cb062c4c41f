/** A cookie's name and attributes. `Secure` and the `__Host-` prefix need https, so loopback http goes without. */
export interface CookieShape {
  readonly name: string;
  readonly attributes: {
    readonly httpOnly: true;
    readonly sameSite: 'Lax';
    readonly path: '/';
    readonly secure: boolean;
    /** Seconds; left out: until the browser closes. */
    readonly maxAge?: number;
  };
}

/** Carries the session of a signed-in user. */
export function sessionCookie(config: {
  readonly production: boolean;
  readonly sessionTtl: number;
}): CookieShape {
  return {
    name: `${hostPrefix(config)}coatcheck_session`,
    attributes: { ...common(config), maxAge: config.sessionTtl },
  };
}

/**
 * Names the browser, signed in or not. It binds an authorization request to the browser that began it
 * (OAuth 2.1 §7.10) and forms to the browser they were sent to.
 */
export function browserCookie(config: { readonly production: boolean }): CookieShape {
  return { name: `${hostPrefix(config)}coatcheck_browser`, attributes: common(config) };
}

function hostPrefix({ production }: { readonly production: boolean }): string {
  return production ? '__Host-' : '';
}

function common({ production }: { readonly production: boolean }) {
  return { httpOnly: true, sameSite: 'Lax', path: '/', secure: production } as const;
}
