"""Worked answers sampled from a model and judged by their text, and their critical tokens by rollouts."""

import itertools
from collections import Counter

from intervals import share
from micro_world.levels import SHORT_ALIKE
from micro_world.registry import documents
from micro_world.word_problem_judge import judge

LONGEST = 110  # tokens of an answer
ROLLOUTS, TOP_P, TOLERATED = 64, 0.95, 3
RECOVERABLE = 0.1  # least success rate of the prompt itself
AT_ONCE = 256


def problems(seed, count):
    return [document.details for document in itertools.islice(documents(seed, ((SHORT_ALIKE, 1),), "word problems"), count)]


def answer_all(model, some, temperature=1.0, seed=0, top_p=1.0):
    """[(token ids, text)] for each problem; ids include the end token where the model wrote one."""
    prompts = model.encode(problem["prompt"] for problem in some)
    found = [None] * len(some)
    # Of about equal length, so that little is spent on padding.
    order = sorted(range(len(some)), key=lambda place: len(prompts[place]))
    for start in range(0, len(order), AT_ONCE):
        chosen = order[start : start + AT_ONCE]
        made = model.sample([prompts[place] for place in chosen], LONGEST, temperature, seed * 1000 + start, top_p)
        for place, tokens in zip(chosen, made):
            found[place] = (tokens, model.decode(tokens))
    return found


def evaluate(model, some, temperature=1.0, seed=0):
    """How many answers are right, what went wrong first in the others, and how many sampled steps were sound."""
    judged = [judge(problem["prompt"], text) for problem, (_, text) in zip(some, answer_all(model, some, temperature, seed))]
    verdicts = Counter(one["verdict"] for one in judged)
    steps = [step for one in judged for step in one["steps"]]
    result = {"all": share(verdicts["right"], len(judged)), "verdicts": dict(verdicts.most_common())}
    for count in (1, 2, 3):
        own = [one for one, problem in zip(judged, some) if len(problem["operations"]) == count]
        result[f"{count} steps"] = share(sum(one["verdict"] == "right" for one in own), len(own))
    result["steps that are sound"] = share(sum(step["fault"] is None for step in steps), len(steps))
    result["answers with a corrected step"] = share(sum(any(step["corrected"] for step in one["steps"]) for one in judged), len(judged))
    result["unparsed"] = share(verdicts["unparsed"], len(judged))
    return result


def success_counts(model, problem, prefixes, seed):
    """How many of 64 rollouts end right after each of some prefixes of an answer (token ids)."""
    prompt = model.encode([problem["prompt"]])[0]
    counts = []
    at_once = max(1, 2 * AT_ONCE // ROLLOUTS)
    for start in range(0, len(prefixes), at_once):
        some = [prefix for prefix in prefixes[start : start + at_once] for _ in range(ROLLOUTS)]
        made = model.sample([prompt + prefix for prefix in some], LONGEST, 1.0, seed + start, TOP_P)
        right = [judge(problem["prompt"], model.decode(prefix + rest))["verdict"] == "right" for prefix, rest in zip(some, made)]
        counts += [sum(right[place : place + ROLLOUTS]) for place in range(0, len(right), ROLLOUTS)]
    return counts


def critical_position(counts):
    """Index into `counts` by the released rule: the first 0 with no later count above the tolerance; else the last 0 given up; else None."""
    candidate = given_up = None
    for place, count in enumerate(counts):
        if place == 0:
            continue  # the prompt itself is no token of the answer
        if candidate is None and count == 0:
            candidate = place
        elif candidate is not None and count > TOLERATED:
            candidate, given_up = None, candidate
    return candidate if candidate is not None else given_up


def critical_tokens(model, some, count, seed=0):
    """Of `count` wrong answers whose prompt can be solved: where the critical token stands, and whether before the first wrong number."""
    kinds, before, examples, unsolvable = Counter(), 0, [], 0
    for number, (problem, (tokens, text)) in enumerate(zip(some, answer_all(model, some, 1.0, seed))):
        found = judge(problem["prompt"], text)
        if found["verdict"] in ("right", "unparsed") or sum(kinds.values()) == count:
            continue
        counts = success_counts(model, problem, [[]], seed + 1000 * number)
        if counts[0] < RECOVERABLE * ROLLOUTS:
            unsolvable += 1
            continue
        counts += success_counts(model, problem, [tokens[:length] for length in range(1, len(tokens))], seed + 1000 * number + 1)
        place = critical_position(counts)
        # Token number `place` of the answer, from 1, is the last one of the prefix that never recovers.
        token = model.decode([tokens[place - 1]]) if place else None
        number_at = first_wrong_number(model, tokens, problem)
        early = place is not None and (number_at is None or place - 1 < number_at)
        before += early
        kinds[found["verdict"]] += 1
        examples.append({
            "prompt": problem["prompt"], "answer": text, "verdict": found["verdict"], "critical token": token, "position": None if place is None else place - 1,
            "before the first wrong number": early, "right of 64 after each token": counts,
        })
    measured = sum(kinds.values())
    return {"before the first wrong number": share(before, measured), "verdicts": dict(kinds), "left out, prompt solved in under 10 %": unsolvable}, examples


def first_wrong_number(model, tokens, problem):
    """Index of the first token with a digit that is part of a number no right answer has at that place; None where every number fits."""
    wanted = [value for before, _, number, after in problem["steps"] for value in (before, number, after)] + [problem["answer"]]
    found, place, digits = 0, None, ""
    for index, token in enumerate(tokens):
        piece = model.decode([token])
        if piece.isdigit():
            place = index if not digits else place
            digits += piece
            continue
        if digits and piece.strip():
            if found >= len(wanted) or int(digits) != wanted[found]:
                # A result that is taken back at once is not yet the answer's fault.
                if not (piece == "." and model.decode(tokens[index + 1 : index + 3]).startswith(" No")):
                    return place
                digits = ""
                continue
            found += 1
            digits = ""
    return None
