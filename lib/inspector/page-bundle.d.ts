// The page, bundled from page/ by .ci/inspector-page.mjs: for tests into page-bundle.js, for the build into dist/.

/** The whole page: markup, style and script. */
export declare const PAGE_HTML: string;
/** Hashes of the script and the style for the Content Security Policy. */
export declare const PAGE_SCRIPT_HASH: string;
export declare const PAGE_STYLE_HASH: string;
