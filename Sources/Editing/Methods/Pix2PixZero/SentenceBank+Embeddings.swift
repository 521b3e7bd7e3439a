import Tensors

extension SentenceBank {
    /// The mean of embedded sentences, [n, L, D] or [L, D]; [1, L, D].
    /// - Parameters:
    ///   - own: an embedding of the model's own, [1, L, D].
    ///   - path: the file that they stood in, for the error.
    ///   - option: whose value the path is, for the error.
    /// - Throws: `EditingError.badValue` that says what is wrong with the file.
    static func embedding(
        of array: NamedArray, like own: Tensor, path: String, option: String
    ) throws(EditingError) -> Tensor {
        func refused(_ reason: String) -> EditingError {
            .badValue(
                name: "option \(option)", value: "\"\(path)\"",
                expected: "a safetensors file with one tensor of embedded sentences, but \(reason)")
        }
        let wanted = Array(own.shape.dropFirst())
        let shape = array.shape.count == 2 ? [1] + array.shape : array.shape
        guard shape.count == 3, Array(shape.dropFirst()) == wanted, shape[0] > 0,
            array.values.count == shape.reduce(1, *)
        else {
            throw refused("its tensor is \(array.shape) and this model's embeddings are \(wanted)")
        }
        let mean = Tensor(array.values, shape: shape).mean([0], keeping: true).like(own)
        guard mean.isFinite else { throw refused("it holds values that are not numbers") }
        return mean
    }
}
