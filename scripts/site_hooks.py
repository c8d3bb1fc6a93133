"""What the site needs of mkdocs: links from the documentation into the repository lead there."""

import re

OUTSIDE = re.compile(r"\]\(((?:\.\./)+)([^)#]+)(#[^)]*)?\)")


def on_page_markdown(markdown: str, *, page, config, files) -> str:
    """Turns links that leave the documentation's folder into links to the repository."""
    depth = page.file.src_uri.count("/")

    def outside(link: re.Match[str]) -> str:
        ups, path, anchor = link.group(1).count("../"), link.group(2), link.group(3) or ""
        if ups <= depth:
            return link.group(0)
        return f"]({config.repo_url}/blob/main/{path}{anchor})"

    return OUTSIDE.sub(outside, markdown)
