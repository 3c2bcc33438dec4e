// The page, as .ci/inspector-page.mjs bundles it from page/: before the tests into page-bundle.js, at the build into dist/.

/** All of the page: markup, style and script. */
export declare const PAGE_HTML: string;
/** What the Content Security Policy names the one script and the one style by. */
export declare const PAGE_SCRIPT_HASH: string;
export declare const PAGE_STYLE_HASH: string;
