"""What the site needs of mkdocs: of links from the documentation into the repository only the text stays."""

import re

OUTSIDE = re.compile(r"\[([^\]]*)\]\(((?:\.\./)+)([^)#]+)(#[^)]*)?\)")


def on_page_markdown(markdown: str, *, page, config, files) -> str:
    """Takes out links that leave the documentation's folder: the site does not hold what they lead to."""
    depth = page.file.src_uri.count("/")

    def outside(link: re.Match[str]) -> str:
        text, ups = link.group(1), link.group(2).count("../")
        return link.group(0) if ups <= depth else text

    return OUTSIDE.sub(outside, markdown)
