"""A linear SVM on n-grams with Debian's scikit-learn: python3 svm.py char|word-char train|answer FOLDER. C is chosen on the validation split."""
import json, os, pickle, resource, sys, time

from scipy.sparse import hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.svm import LinearSVC

COSTS = (0.1, 1.0)
kind, phase, folder = sys.argv[1:4]
with open(os.path.join(folder, "task.json")) as file:
    task = json.load(file)
MODEL = os.path.join(folder, "model", "svm.pickle")


def rows(part):
    with open(os.path.join(folder, part + ".jsonl")) as file:
        return [json.loads(line) for line in file]


def vectorizers():
    least = 1 if task["isFewShot"] else 2
    chars = TfidfVectorizer(analyzer="char", ngram_range=(1, 4 if task["language"] == "zh" else 5), sublinear_tf=True, min_df=least)
    words = TfidfVectorizer(analyzer="word", ngram_range=(1, 2), sublinear_tf=True, min_df=least, token_pattern=r"(?u)\b\w+\b")
    return [chars] if kind == "char" else [words, chars]


def features(made, texts, fit=False):
    return hstack([v.fit_transform(texts) if fit else v.transform(texts) for v in made]).tocsr()


def learn(learned, cost):
    made = vectorizers()
    return made, LinearSVC(C=cost, random_state=task["seed"]).fit(features(made, [r["text"] for r in learned], True), [r["label"] for r in learned])


def answers(made, svm, texts):
    margins = svm.decision_function(features(made, texts))
    if len(svm.classes_) == 2:
        margins = [[-m, m] for m in margins]
    for margin in margins:
        ranked = sorted(range(len(svm.classes_)), key=lambda c: -margin[c])
        best = next(c for c in ranked if svm.classes_[c] != "oos")
        yield {"label": svm.classes_[ranked[0]], "inScope": svm.classes_[best], "doubt": -float(margin[best])}


if phase == "train":
    train, validation = rows("train"), rows("validation")
    held = {r["text"] for r in validation} if task["isValidationLearned"] else set()
    shown = [r for r in train if r["text"] not in held]

    def right(cost):
        made, svm = learn(shown, cost)
        said = svm.predict(features(made, [r["text"] for r in validation]))
        return sum(1 for r, label in zip(validation, said) if r["label"] == label)

    cost = max(COSTS, key=right)
    chosen_in = time.process_time()
    learned = learn(train, cost)
    os.makedirs(os.path.dirname(MODEL), exist_ok=True)
    with open(MODEL, "wb") as file:
        pickle.dump(learned, file)
    with open(os.path.join(folder, "trained.json"), "w") as file:
        json.dump({"trainSeconds": time.process_time() - chosen_in, "chosen": f"C {cost}"}, file)
else:
    started = time.time()
    with open(MODEL, "rb") as file:
        made, svm = pickle.load(file)
    load = time.time() - started
    texts = [r["text"] for r in rows("test")]
    validation = list(answers(made, svm, [r["text"] for r in rows("validation")]))
    started = time.process_time()
    test = list(answers(made, svm, texts))
    rate = len(texts) / (time.process_time() - started)
    single = []
    for text in texts[:1000]:
        started = time.perf_counter()
        list(answers(made, svm, [text]))
        single.append((time.perf_counter() - started) * 1000)
    single.sort()
    with open(os.path.join(folder, "answers.json"), "w") as file:
        json.dump(
            {
                "validation": validation,
                "test": test,
                "loadMs": load * 1000,
                "perSecond": rate,
                "p50Ms": single[len(single) // 2],
                "p99Ms": single[len(single) * 99 // 100],
                "peakMb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            },
            file,
        )
