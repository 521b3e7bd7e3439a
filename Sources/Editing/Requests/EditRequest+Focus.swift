import Imaging

extension EditRequest {
    /// What of the image the model is shown, where the request is to keep to its mask's surroundings; nil is all of it.
    ///
    /// A square about the mask's box with its margin, and no smaller than what the model works at: a small thing in a
    /// large photo is then painted from as many pixels as the model knows, and nothing is enlarged without need.
    /// - Parameter side: the long side that the model works at.
    func window(side: Int) -> PixelBox? {
        guard let focus = settings.focus, let mask, let box = mask.box(above: 0) else { return nil }
        let (across, down) = (
            Double(image.width) / Double(mask.width), Double(image.height) / Double(mask.height)
        )
        let inImage = PixelBox(
            left: Int(Double(box.left) * across), top: Int(Double(box.top) * down),
            right: min(Int((Double(box.right + 1) * across).rounded(.up)), image.width) - 1,
            bottom: min(Int((Double(box.bottom + 1) * down).rounded(.up)), image.height) - 1)
        let window = inImage.surroundings(
            margin: focus, least: side, width: image.width, height: image.height)
        return window.width < image.width || window.height < image.height ? window : nil
    }

    /// The request as it is of a part of the image alone.
    func part(_ window: PixelBox) -> EditRequest {
        var part = self
        part.image = image.part(window)
        part.mask = mask?.resized(width: image.width, height: image.height).part(window)
        return part
    }
}
