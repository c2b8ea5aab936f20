"""What counts as the answer a document shows."""
import unittest

from answers import Mismatch, Names, match

CLICK = "clk_01M7YD0KJWFGE47QBWX6YPE6ZY"
OTHER = "clk_01M7YD0KJWFGE47QBWX6YPE6ZZ"


class Answers(unittest.TestCase):
    def agree(self, language, shown, printed, names=None, **options):
        match(language, shown, printed, names or Names(), **options)

    def differ(self, language, shown, printed, names=None, **options):
        with self.assertRaises(Mismatch) as caught:
            match(language, shown, printed, names or Names(), **options)
        return caught.exception

    def test_members_are_left_out_only_where_a_gap_stands(self):
        printed = '{"a":1,"b":{"c":2,"d":3},"e":[1,2,3]}'
        self.agree("json", printed, printed)
        self.agree("json", '{ "a": 1, … }', printed)
        self.agree("json", '{…, "b": {…, "d": 3}, …}', printed)
        self.agree("json", '{"a": 1, "b": …, "e": [1, …]}', printed)
        self.agree("json", '{…, "e": […, 3]}', printed)
        self.assertEqual(self.differ("json", '{"a":1}', printed).printed, '"b", "e"')
        self.differ("json", '{…, "e": […], "b": …}', printed)
        self.differ("json", '{"a":1, "e": […], …}', printed)
        self.differ("json", '{…, "f": 1, …}', printed)
        self.differ("json", '{…, "e": [1, 2]}', printed)
        self.differ("json", '{…, "e": [1, 2, 3, 4]}', printed)

    def test_values_are_compared_by_their_kind_and_digits(self):
        self.assertEqual(self.differ("json", '{"a":{"b":24.9}}', '{"a":{"b":24.90}}').where, "answer.a.b")
        for shown, printed in [("1", "true"), ("null", "0"), ('"1"', "1"), ("true", "false"), ("1", "1.0")]:
            self.differ("json", shown, printed)
        self.agree("json", '"a…z"', '"abcz"')
        self.agree("json", '"ä\\n"', '"\\u00e4\\n"')
        self.agree("json", '{"durationMs": 4}', '{"durationMs": 17}')

    def test_several_values_are_compared_in_order(self):
        self.agree("json", '{"a":1}\n{"a":2}', '{"a":1}\n\n{"a":2}\n')
        self.differ("json", '{"a":1}', '{"a":1}\n{"a":2}')
        self.differ("json", '{"a":1}\n{"a":2}', '{"a":1}')
        self.differ("json", '{"a":1}', "curl: (7) refused")

    def test_an_id_stands_for_another_but_for_one_only(self):
        names = Names()
        self.agree("json", f'"{CLICK}"', f'"{OTHER}"', names)
        self.agree("json", f'"{CLICK}"', f'"{OTHER}"', names)
        self.differ("json", f'"{CLICK}"', f'"{CLICK}"', names)
        self.differ("json", f'"{OTHER}"', f'"{OTHER}"', names)
        self.differ("json", f'"{CLICK}"', f'"{OTHER.replace("clk", "cnv")}"')
        self.agree("json", '"clk_01M7YD0K…"', f'"{OTHER}"')

    def test_a_mismatch_teaches_no_ids(self):
        names = Names()
        self.differ("json", f'{{"a":"{CLICK}","b":1}}', f'{{"a":"{OTHER}","b":2}}', names)
        self.agree("json", f'"{CLICK}"', f'"{CLICK}"', names)

    def test_times_and_days_stand_for_others(self):
        self.agree("json", '"2026-11-21T06:34:32.381Z"', '"2027-01-02T16:00:00.000Z"')
        self.agree("json", '["2026-10-23", "20261121"]', '["2027-01-02", "20270102"]')
        self.differ("json", '"2026-11-21T06:34:32.381Z"', '"2027-01-02"')

    def test_lines_are_compared_with_gaps(self):
        printed = "one\ntwo 2026-01-01\nthree\nfour\n"
        self.agree("text", "one\n…\nthree\nfour\n", printed)
        self.agree("text", "…\nfour\n", printed)
        self.agree("text", "one\ntwo …\n…\n", printed)
        self.differ("text", "one\n…\nfive\n", printed)
        self.differ("text", "one\nthree\n…\n", printed)
        self.differ("text", "one\n", printed)
        self.agree("text", "b\na\n", "a\nb\n", in_any_order=True)
        self.differ("text", "b\na\n", "a\nb\nc\n", in_any_order=True)
        self.differ("text", "b\na\n", "a\nc\n", in_any_order=True)

    def test_of_http_the_shown_headers_are_compared(self):
        printed = 'HTTP/1.1 429 Too Many Requests\r\nretry-after: 99\r\ndate: x\r\n\r\n{"error":"rate_limited","plan":"FREE"}\n'
        self.agree("http", "HTTP/1.1 429 Too Many Requests\nretry-after: 62728\n", printed)
        self.agree("http", 'HTTP/1.1 429 Too Many Requests\n\n{"error": "rate_limited", …}\n', printed)
        self.differ("http", "HTTP/1.1 200 OK\n", printed)
        self.differ("http", "HTTP/1.1 429 Too Many Requests\nlocation: x\n", printed)
        self.differ("http", 'HTTP/1.1 429 Too Many Requests\n\n{"error": "conflict", …}\n', printed)


if __name__ == "__main__":
    unittest.main()
