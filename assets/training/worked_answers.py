"""Worked answers sampled from a model and judged by their text, and their critical tokens by rollouts."""

import itertools
import math
import re
from collections import Counter

import torch

import measure
from intervals import share
from micro_world.levels import SHORT_ALIKE
from micro_world.registry import documents
from micro_world.word_problem_judge import judge

LONGEST = 110  # tokens of an answer
ROLLOUTS, TOP_P, TOLERATED = 64, 0.95, 3
RECOVERABLE = 0.1  # least success rate of the prompt itself
AT_ONCE = 256
RESULT = re.compile(r"(\d+) ([+-]) (\d+) = (\d+)\.(?: No: (\d+)\.)?")


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
    answers = [text for _, text in answer_all(model, some, temperature, seed)]
    judged = [judge(problem["prompt"], text) for problem, text in zip(some, answers)]
    verdicts = Counter(one["verdict"] for one in judged)
    steps = [step for one in judged for step in one["steps"]]
    result = {"all": share(verdicts["right"], len(judged)), "verdicts": dict(verdicts.most_common())}
    for count in (1, 2, 3):
        own = [one for one, problem in zip(judged, some) if len(problem["operations"]) == count]
        result[f"{count} steps"] = share(sum(one["verdict"] == "right" for one in own), len(own))
    result["steps that are sound"] = share(sum(step["fault"] is None for step in steps), len(steps))
    result["answers with a corrected step"] = share(sum(any(step["corrected"] for step in one["steps"]) for one in judged), len(judged))
    result["unparsed"] = share(verdicts["unparsed"], len(judged))
    result["results taken back"] = taken_back(answers)
    return result


def taken_back(answers):
    """What became of the first result of every step of some answers, right or wrong as a sum: taken back by `No:` or not, and for what."""
    counts = Counter()
    for text in answers:
        for first, sign, second, result, mended in RESULT.findall(text):
            true = int(first) + int(second) if sign == "+" else int(first) - int(second)
            kind = "right" if int(result) == true else "wrong"
            counts[kind] += 1
            counts[kind, "back"] += mended != ""
            counts[kind, "mended"] += mended != "" and int(mended) == true
    return {
        "wrong results": share(counts["wrong"], counts["wrong"] + counts["right"]),
        "wrong results that are taken back": share(counts["wrong", "back"], counts["wrong"]),
        "of those, replaced by the right one": share(counts["wrong", "mended"], counts["wrong", "back"]),
        "right results that are taken back": share(counts["right", "back"], counts["right"]),
        "of what is taken back, right before": share(counts["right", "back"], counts["right", "back"] + counts["wrong", "back"]),
    }


@torch.no_grad()
def foresees_correction(model, count, seed):
    """The model's probability of ` No` after a wrong and after a right result of held-out worked answers, mean and number of results."""
    token = model.tokenizer.encode(" No", add_special_tokens=False).ids
    assert len(token) == 1
    texts = [document.text for document in itertools.islice(documents(seed, ((SHORT_ALIKE, 1),), "word problems"), count)]
    encodings = model.tokenizer.encode_batch(texts)
    found = {"wrong": [], "right": []}
    for chosen, padded in measure.batches([encoding.ids for encoding in encodings]):
        chances = model(padded).softmax(-1)[..., token[0]]
        for line, row in enumerate(chosen):
            last = {end: place for place, (start, end) in enumerate(encodings[row].offsets) if end > start}
            for match in RESULT.finditer(texts[row]):
                end = match.end(4) + 1
                found["right" if match[5] is None else "wrong"].append(chances[line, last[end]].item())
    return {
        **{f"after a {kind} result": {"mean": round(sum(values) / len(values), 4), "n": len(values)} for kind, values in found.items()},
        "bits of No after a wrong result": round(sum(-math.log2(value) for value in found["wrong"]) / len(found["wrong"]), 3),
    }


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
