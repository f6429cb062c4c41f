import { components } from './components.ts';
import { elements } from './elements.ts';
import { frame } from './frame.ts';
import { tokens } from './tokens.ts';

/** The one style sheet. Later layers win over earlier ones, whatever their selectors. */
export const style = `@layer tokens, elements, components, frame;
@layer tokens {${tokens}}
@layer elements {${elements}}
@layer components {${components}}
@layer frame {${frame}}
`;
