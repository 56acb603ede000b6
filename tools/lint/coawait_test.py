#!/usr/bin/env python3
"""The cases that coawait.py must and must not report."""

import unittest

import coawait

GOOD = [
    "auto f = [x]() -> net::awaitable<void> { co_await Do(x); };",
    "void F() { auto g = [&] { return 1; }; co_await Run(std::move(g)); }",
    "awaitable<int> F() {\n  try { co_await G(); } catch (...) { }\n  co_return 1;\n}",
    "if (co_await Ready()) { Config c{1, 2}; }",
    "Config c{1, 2}; co_await Use(c);",
    "for (;;) { auto [e, n] = co_await Read(net::buffer(data)); x[n] = Value{1}; }",
    "co_await Run([] { return 1; });",
    'co_await Say("a {brace} [x]{y}");',
    "x = table[i] + co_await F();",
    "co_await F(X{1});  // NOLINT(coawait)",
    "if (a) { B b{1}; } co_await F();",
]
BAD = [
    "co_await Run([x] { return x; });",
    "co_await Run([&](int y) { return y; });",
    "auto v = co_await F(Options{1, 2});",
    "co_return Agg{x, co_await f()};",
    "const Agg a{co_await f()};",
    "co_await F({1, 2});",
    "if ((co_await F(Options{.x = 1})).ok()) return;",
    "MR_CO_ASSIGN_OR_RETURN(auto v, co_await F(ctx, Options{}));",
]


class CoAwaitTest(unittest.TestCase):
    def test_what_is_fine(self):
        for code in GOOD:
            self.assertEqual(coawait.faults(code), [], code)

    def test_what_is_reported(self):
        for code in BAD:
            self.assertEqual(len(coawait.faults(code)), 1, code)


if __name__ == "__main__":
    unittest.main()
