/// Words of a prompt that name no thing.
package enum StopWords {
    /// What stands before a noun.
    package static let articles: Set<String> = [
        "a", "an", "the", "some", "this", "that", "these", "those", "its",
    ]

    /// What begins another part of the sentence, so that no noun goes beyond it.
    package static let joining: Set<String> = [
        "of", "on", "in", "at", "by", "with", "without", "under", "over", "near", "next", "beside", "behind",
        "before",
        "between", "above", "below", "against", "around", "front", "and", "or", "is", "are", "was", "were",
        "to",
        "from", "for", "into", "onto", "as", "while", "that", "who", "which", "has", "have", "it", "there",
    ]

    /// Both.
    package static let all = articles.union(joining)
}
