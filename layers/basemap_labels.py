"""The words on the street map: streets, motorway numbers, rivers, stations, neighbourhoods, towns."""

from layers.style_layer import Json, one_of, text, zoom

_POIS = ("park", "stadium", "museum", "college", "hospital", "aerodrome", "prison", "harbor")
_NAME = ["coalesce", ["get", "name:en"], ["get", "name:latin"], ["get", "name"]]


def layers() -> list[Json]:
    """Return the labels, least urgent first: a label drawn later takes its room first."""
    street = {"symbol-placement": "line", "symbol-spacing": 380, "text-max-angle": 30, "text-letter-spacing": 0.03}
    main = ("primary", "secondary", "trunk", "motorway")
    layers = []
    for prefix, where, field in (("", "road_labels", "kind_detail"), ("pm-", "roads", "kind_detail"),
                                 ("omt-", "transportation_name", "class")):  # fmt: skip
        named = ["all", ["has", "name"], ["!", one_of("kind", "rail")]]
        big, river = one_of(field, *main), one_of(field, "river")
        size = zoom(12, 14, 15, 14.5, 18, 18)
        quiet = ["all", named, ["!", big], ["!", river]]
        layers += [
            text(f"{prefix}street", where, "label-street", _NAME, size, quiet, 14, **street),
            text(f"{prefix}street-main", where, "label-street", _NAME, size, ["all", named, big], 12.4, **street),
            text(f"{prefix}river-name", where, "label-water", _NAME, size, ["all", named, river], 12, **street),
            text(
                f"{prefix}shield",
                where,
                "label-ref",
                ["get", "ref"],
                zoom(10, 14, 14, 14.5),
                ["all", ["has", "ref"], one_of(field, "motorway", "trunk")],
                10.5,
                **{"symbol-placement": "line", "symbol-spacing": 520, "text-rotation-alignment": "viewport"},
            ),
        ]
    poi = {"text-max-width": 8, "text-padding": 6}
    caps = {"text-transform": "uppercase", "text-letter-spacing": 0.1, "text-max-width": 7, "text-padding": 10}
    rank = {"symbol-sort-key": ["coalesce", ["get", "rank"], 50]}
    shown = one_of("kind", *_POIS), one_of("class", *_POIS)
    for prefix, pois, places, field, seen in (("", "pois", "places", "kind", shown[0]),
                                              ("omt-", "poi", "place", "class", shown[1])):  # fmt: skip
        village = one_of(field, "town", "village", "locality")
        city = ["any", one_of(field, "city"), one_of("kind_detail", "city")]
        wide = one_of(field, "country", "state", "continent", "region")
        area = ["all", ["!", village], ["!", city], ["!", wide]]
        station = one_of(field, "station", "railway")
        dot = ["concat", "● ", _NAME]
        size = zoom(13, 14, 17, 15)
        layers += [
            text(f"{prefix}station", pois, "label-poi", dot, size, station, 13.8, **poi),
            text(f"{prefix}poi", pois, "label-poi", _NAME, size, seen, 13.6, **poi),
            text(f"{prefix}area", places, "label-place", _NAME, zoom(11, 14, 16, 17), area, 11.4, **caps, **rank),
            text(f"{prefix}town", places, "label-town", _NAME, zoom(8, 14, 12, 17, 16, 22), village, 8, **rank),
            text(f"{prefix}city", places, "label-town", _NAME, zoom(6, 14, 12, 22, 15, 26), city, 4, **rank),
        ]
    return layers
