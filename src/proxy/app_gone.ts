/** The app went away before it was answered: there is nobody left to answer. */
export class AppGone extends Error {
  override name = 'AppGone';
}
