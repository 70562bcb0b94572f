"""Which hosts lead to a workload."""

from dataclasses import replace

import pytest

from deployments.clients.cluster.parse_routes import domain_mapping, http_route, ingress_routes, service
from deployments.rules.routes import HostIndex, Route, Service
from deployments.rules.workloads import Counts, Template, Workload

SHOP = Workload(
    kind="Deployment",
    name="shop-web",
    namespace="shop",
    template=Template(labels={"app": "shop", "part": "web"}),
    counts=Counts(wanted=1, total=1, updated=1, ready=1, available=1),
)
TO_SHOP = Route(hosts=("Shop.example.com",), services=frozenset({"front"}))


@pytest.mark.parametrize(
    ("selector", "hosts"),
    [
        ({"app": "shop"}, ["shop.example.com"]),
        ({"app": "shop", "part": "web"}, ["shop.example.com"]),
        ({"app": "shop", "part": "worker"}, []),
        ({}, []),
    ],
)
def test_a_service_leads_to_the_pods_that_it_selects(selector: dict[str, str], hosts: list[str]) -> None:
    found = HostIndex([TO_SHOP], [Service(name="front", selector=selector)]).hosts_of(SHOP)

    assert found == hosts


@pytest.mark.parametrize(("name", "hosts"), [("shop-web", ["shop.example.com"]), ("other", [])])
def test_where_services_cannot_be_listed_the_one_of_the_workload_s_name_is_taken(
    name: str, hosts: list[str]
) -> None:
    route = Route(hosts=("shop.example.com",), services=frozenset({name}))

    assert HostIndex([route], None).hosts_of(SHOP) == hosts


def test_each_host_is_named_once_and_wildcards_are_left_out() -> None:
    route = Route(
        hosts=("*.example.com", "a.example.com", "", "A.example.com"), services=frozenset({"shop-web"})
    )

    assert HostIndex([route, route], None).hosts_of(SHOP) == ["a.example.com"]


def test_a_label_that_all_services_select_by_leads_to_no_others_pods() -> None:
    services = [
        Service(name=f"front-{number}", selector={"release": "shop", "app": f"app-{number}"})
        for number in range(3)
    ]
    routes = [
        Route(hosts=(f"{number}.example.com",), services=frozenset({f"front-{number}"}))
        for number in (2, 1, 0)
    ]
    labels = {"release": "shop", "app": "app-1"}

    found = HostIndex(routes, services).hosts_of(replace(SHOP, template=Template(labels=labels)))

    assert found == ["1.example.com"]


def test_an_ingress_is_read_rule_by_rule() -> None:
    backend = {"service": {"name": "front", "port": {"number": 80}}}
    rules = [
        {"host": "a.example.com", "http": {"paths": [{"path": "/", "backend": backend}]}},
        {"host": "b.example.com", "http": {"paths": [{"backend": {"resource": {"name": "bucket"}}}, 7]}},
        "odd",
    ]

    found = list(ingress_routes({"spec": {"rules": rules}}))

    assert found == [
        Route(hosts=("a.example.com",), services=frozenset({"front"})),
        Route(hosts=("b.example.com",)),
    ]


@pytest.mark.parametrize(
    ("backend", "services"),
    [
        ({"name": "front"}, {"front"}),
        ({"name": "front", "namespace": "shop"}, {"front"}),
        ({"name": "front", "namespace": "other"}, set()),
        ({"name": "front", "kind": "ServiceImport", "group": "multicluster.x-k8s.io"}, set()),
    ],
)
def test_an_http_route_leads_to_services_in_its_namespace(
    backend: dict[str, str], services: set[str]
) -> None:
    spec = {"hostnames": ["a.example.com"], "rules": [{"backendRefs": [backend]}]}

    found = http_route({"metadata": {"namespace": "shop"}, "spec": spec})

    assert found == Route(hosts=("a.example.com",), services=frozenset(services))


@pytest.mark.parametrize(
    ("ref", "services"),
    [
        ({"apiVersion": "v1", "kind": "Service", "name": "front"}, {"front"}),
        ({"apiVersion": "v1", "kind": "Service", "name": "front", "namespace": "other"}, set()),
        ({"apiVersion": "serving.knative.dev/v1", "kind": "Service", "name": "front"}, set()),
        ({"apiVersion": "v1", "kind": "Service", "name": 7}, set()),
        ({}, set()),
    ],
)
def test_a_domain_mapping_is_the_host_of_a_plain_service_of_its_namespace(
    ref: dict[str, object], services: set[str]
) -> None:
    found = domain_mapping({"metadata": {"name": "a.example.com", "namespace": "shop"}, "spec": {"ref": ref}})

    assert found == Route(hosts=("a.example.com",), services=frozenset(services))


def test_a_service_is_read_with_what_it_selects() -> None:
    thing = {"metadata": {"name": "front"}, "spec": {"selector": {"app": "shop", "odd": 7}}}

    assert service(thing) == Service(name="front", selector={"app": "shop"})
