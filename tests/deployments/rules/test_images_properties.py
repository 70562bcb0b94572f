import string

from hypothesis import given
from hypothesis import strategies as st

from deployments.rules.images import ImageTemplate, UnableToParseImage, parse_image

HEX = "0123456789abcdef"
shas = st.text(HEX, min_size=40, max_size=40)
labels = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)
registries = st.builds(
    lambda parts, port: ".".join(parts) + port,
    st.lists(labels, min_size=2, max_size=4),
    st.one_of(st.just(""), st.integers(1, 65535).map(":{}".format)),
)
components = st.from_regex(r"[a-z0-9]{1,6}(([._]|__|-{1,3})[a-z0-9]{1,6}){0,3}", fullmatch=True)
paths = st.lists(components, min_size=1, max_size=4).map("/".join)
tags = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,40}", fullmatch=True)
digests = st.text(HEX, min_size=64, max_size=64).map("sha256:{}".format)
affixes = st.text(string.ascii_letters + string.digits + "_.-", max_size=10)


@given(
    st.one_of(
        registries.map("{}/".format),
        st.sampled_from(["team/", "localhost/", "docker.io/", "index.docker.io/"]),
    ),
    paths,
    st.one_of(st.just(""), tags.map(":{}".format)),
    st.one_of(st.just(""), digests.map("@{}".format)),
)
def test_a_printed_reference_reads_as_itself(registry, path, tag, digest):
    reference = parse_image(f"{registry}{path}{tag}{digest}")

    assert parse_image(str(reference)) == reference


@given(st.text(max_size=80))
def test_any_text_is_refused_or_reads_as_an_image_that_reads_as_itself(text):
    try:
        reference = parse_image(text)
    except UnableToParseImage:
        return

    assert parse_image(str(reference)) == reference


template_tags = st.tuples(affixes.map("x{}".format), st.sampled_from(["sha", "short_sha"]), affixes)


@given(registries, paths, template_tags, shas)
def test_the_tag_of_an_image_made_for_a_commit_gives_back_the_commit(registry, path, tag, sha):
    before, placeholder, after = tag
    template = ImageTemplate.parse(f"{registry}/{path}:{before}{{{placeholder}}}{after}")

    image = template.image_for(owner="icco", repository="cron", sha=sha)

    assert template.sha_in(image.tag) == (sha if placeholder == "sha" else sha[:7])
