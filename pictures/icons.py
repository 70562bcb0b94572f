"""`python -m pictures.icons`: the home screen's icons, drawn by Chromium from favicon.svg."""

from pathlib import Path

from pictures.chromium import chromium

STATIC = Path(__file__).resolve().parent.parent / "dashboard" / "static" / "dashboard"
# A mask may cut away all but the middle circle of 80 % (W3C, Web Application Manifest, "Icon masks"), and iOS rounds corners itself.
ICONS = {
    "icon-192": (192, False),
    "icon-512": (512, False),
    "maskable-512": (512, True),
    "apple-touch-icon": (180, True),
}


def main() -> None:
    svg = (STATIC / "favicon.svg").read_text()
    folder = STATIC / "icons"
    folder.mkdir(exist_ok=True)
    with chromium() as browser:
        for name, (size, fills_the_square) in ICONS.items():
            page = browser.new_page(viewport={"width": size, "height": size})
            drawn = svg.replace('rx="8"', 'rx="0"') if fills_the_square else svg
            page.set_content(
                f"<style>*{{margin:0}}svg{{display:block;width:{size}px;height:{size}px}}</style>{drawn}"
            )
            page.screenshot(path=folder / f"{name}.png", omit_background=True)
            page.close()


if __name__ == "__main__":
    main()
